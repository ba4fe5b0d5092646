export * from '../../src/browser/webgpuWorker.ts';
