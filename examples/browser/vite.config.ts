import { defineConfig, type UserConfig } from 'vite';

const config: UserConfig = defineConfig({
  base: './', // any folder of any static host
  worker: { format: 'es' },
  build: { target: 'es2022' },
  optimizeDeps: { exclude: ['@sylstream/browser', 'onnxruntime-web'] },
});
export default config;
