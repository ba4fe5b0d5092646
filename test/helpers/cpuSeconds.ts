/** Of a second in /proc (proc(5): `sysconf(_SC_CLK_TCK)`, 100 on Linux). */
const TICKS = 100;

/** Fields of /proc/PID/stat behind the name: state, parent, process group, … */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Seconds of CPU that a process has used, user and system. */
export function cpuSecondsOf(fields: readonly string[]): number {
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
