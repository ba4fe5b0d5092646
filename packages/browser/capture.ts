export * from '../../src/browser/captureProcessor.ts';
