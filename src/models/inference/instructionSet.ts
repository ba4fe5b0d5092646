import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Extensions that ONNX Runtime's kernels ask for before they choose how to add: other sums, other bits. */
const EXTENSIONS = /^(avx|avx2|fma|f16c|avx512\w*|avx_vnni\w*|amx_\w+|asimd\w*|i8mm|sve\w*|bf16)$/;

/** What this machine's processor can, in one line: on Linux the extensions that matter, elsewhere its name. */
export function instructionSet(): string {
  return `${process.arch} ${extensions() ?? cpus()[0]?.model ?? 'unknown'}`;
}

function extensions(): string | undefined {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    const found = line?.split(' ').filter((name) => EXTENSIONS.test(name));
    return found?.length ? [...new Set(found)].sort().join('+') : undefined;
  } catch {
    return undefined; // no Linux
  }
}
