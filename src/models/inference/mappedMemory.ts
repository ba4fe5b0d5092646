/** Not in a page that its server does not isolate (COOP and COEP): there one thread does everything (`localThreads.ts`). */
const SHAREABLE = typeof SharedArrayBuffer !== 'undefined';

/**
 * Memory of streams, which come and go in crowds. V8 maps memory that may grow by itself, and gives it back to the system whole;
 * all other memory comes from the allocator, which keeps the holes that a crowd leaves behind it (glibc returns what is free at
 * the end alone, and not even that once large blocks were freed). So this may grow, to the size that it has.
 */
export function sharedMemory(bytes: number): ArrayBufferLike {
  return SHAREABLE ? new SharedArrayBuffer(bytes, { maxByteLength: bytes }) : ownMemory(bytes);
}

/** Memory of a thread, which stays as long as the thread does. */
export function threadMemory(bytes: number): ArrayBufferLike {
  return SHAREABLE ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** The same for one thread alone: it is copied as one block, shared memory word by word. */
export function ownMemory(bytes: number): ArrayBuffer {
  return new ArrayBuffer(bytes, { maxByteLength: bytes });
}
