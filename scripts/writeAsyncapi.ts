// Writes docs/asyncapi.yaml. Usage: npm run build:asyncapi
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncapiYaml } from './asyncapi.ts';

const path = join(import.meta.dirname, '../docs/asyncapi.yaml');
await writeFile(path, await asyncapiYaml(path));
