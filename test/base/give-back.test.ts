import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { giveBack } from '../../src/base/give-back.js';

describe('memory that is given back', () => {
  it('is gone at once, with all views of it', () => {
    const sealed = createCipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12)).update(
      Buffer.alloc(16_384),
    );
    const view = sealed.subarray(100);
    giveBack(sealed);
    expect(sealed).toHaveLength(0);
    expect(view).toHaveLength(0);
    giveBack(sealed);
  });

  it('is all that the buffer lies in, or nothing', () => {
    const whole = Buffer.alloc(16_384, 7);
    giveBack(whole.subarray(0, 8000));
    expect(whole).toEqual(Buffer.alloc(16_384, 7));
    const pooled = Buffer.from('of the pool of Node');
    giveBack(pooled);
    expect(pooled.toString()).toBe('of the pool of Node');
  });
});
