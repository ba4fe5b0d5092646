import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Provider } from '../models/inference/tensors.ts';
import { nodeScript } from '../core/nodeScript.ts';

/** A driver that takes longer than this to say anything hangs. */
const PROBE_MS = 120_000;

/** Why a provider does not run a bundle's encoder, or nothing when it does. */
export interface ProviderRefusal {
  readonly code: string;
  readonly message: string;
}

/** Loads a bundle on one provider in a process of its own; what drivers print there is not shown. */
export async function probeProvider(
  bundle: string,
  provider: Provider,
): Promise<ProviderRefusal | undefined> {
  const child = nodeScript(import.meta.url, 'providerChild');
  try {
    const args = [...child, bundle, provider];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: PROBE_MS });
    const answer = JSON.parse(stdout) as Partial<ProviderRefusal>;
    const { code, message } = answer;
    return code === undefined || message === undefined ? undefined : { code, message };
  } catch (error) {
    const { signal, code } = error as { signal?: string; code?: number | string };
    const how = signal ? `by ${signal}` : `with status ${code ?? 'unknown'}`;
    return { code: 'SYLSTREAM_ERR_PROVIDER', message: `its process ended ${how}` };
  }
}
