import { describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/main/example-request.js';
import { bulkUpload } from '../../workloads/bulk-upload.js';
import { requestReply } from '../../workloads/request-reply.js';

describe('the request to try', () => {
  it('is the first GET of the plan, also behind other requests', () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(exampleRequest(requestReply, seed)).toMatchObject({
        method: 'GET',
        target: expect.stringMatching(/^\/reply\/0-\d+\?bytes=\d+$/),
      });
    }
  });

  it('is the first request of a plan that has no GET and no end', () => {
    expect(exampleRequest(bulkUpload, 1)).toMatchObject({
      method: 'PUT',
      target: expect.stringMatching(/^\/upload\/0-0\?bytes=\d+$/),
    });
  });

  it('is none where the plan has none', () => {
    const empty = { ...requestReply, plan: () => ({ connections: [[]] }) };
    expect(exampleRequest(empty, 1)).toBeUndefined();
  });
});
