"""What this machine's processor can, in the words of the gateways: they compare it with their own."""

import platform
import re

# Extensions that ONNX Runtime's kernels ask for before they choose how to add: other sums, other bits.
EXTENSIONS = re.compile(r'avx|avx2|fma|f16c|avx512\w*|avx_vnni\w*|amx_\w+|asimd\w*|i8mm|sve\w*|bf16')
NAMES = {'x86_64': 'x64', 'AMD64': 'x64', 'aarch64': 'arm64'}


def processor():
    machine = NAMES.get(platform.machine(), platform.machine())
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as text:
            line = re.search(r'^(?:flags|Features)\s*:(.*)$', text.read(), re.MULTILINE)
    except OSError:
        line = None
    found = sorted({name for name in line[1].split() if EXTENSIONS.fullmatch(name)} if line else ())
    return f'{machine} {"+".join(found) or platform.processor() or "unknown"}'
