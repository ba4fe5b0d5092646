import type { ResourceLimits } from 'node:worker_threads';

/**
 * Bounds of every thread's heap. What a step leaves behind it is short-lived and lies beside the heap, where the collector does
 * not see it grow: a young generation of V8's own size, 48 MB, lets tens of megabytes of it pile up in each thread before it looks.
 */
export const THREAD_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 6 };
