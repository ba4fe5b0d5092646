export * from '../../src/browser/worker.ts';
