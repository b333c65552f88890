/**
 * Memory outside of V8's heap that is given back at once. Left to the collector it piles up until V8 collects for its sake
 * alone: with records of 16 KiB that is every thousand replies, and each of them takes memory that no cache has.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** `ArrayBuffer.prototype.transfer`: moves the memory to another object, here to one of no bytes, which frees it. */
type Transfer = (this: ArrayBufferLike, bytes: number) => unknown;

const transfer = findTransfer();

/**
 * Gives back what `buffer` lies in, if it has that for itself; a part of a pool is left alone. Nobody may need the bytes any
 * more, the system included: all views of them become empty.
 */
export function giveBack(buffer: Buffer): void {
  const memory = buffer.buffer;
  if (buffer.length > 0 && buffer.length === memory.byteLength) transfer.call(memory, 0);
}

function findTransfer(): Transfer {
  const { transfer: own } = ArrayBuffer.prototype as { transfer?: Transfer };
  return own ?? transferOfNode20();
}

/** Only contexts that are made while the flag is set have it. The function serves the memory of all of them. */
function transferOfNode20(): Transfer {
  setFlagsFromString('--harmony-rab-gsab-transfer');
  try {
    return runInNewContext('ArrayBuffer.prototype.transfer') as Transfer;
  } finally {
    setFlagsFromString('--no-harmony-rab-gsab-transfer');
  }
}
