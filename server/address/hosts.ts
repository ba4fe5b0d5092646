import { isIP } from 'node:net';
import { isLoopback } from './loopback.ts';

/** Decides whether the server answers under a name. */
export type HostCheck = (host: string) => boolean;

/** Whether text can stand in `hosts`: a name, `*.name` for all below it, or `*` for any. */
export function isHostName(text: string): boolean {
  return /^(\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|[0-9a-f:]+)$/i.test(text);
}

/**
 * Makes the check of `Host`: loopback names, the address that the server listens on, and those of the list. A page that
 * had its own name point to this machine (DNS rebinding) comes with that name, so it is not answered. A server that
 * listens beyond the machine answers under every address too: no name can be made to point there behind one's back.
 *
 * @param listensOn the setting `host`
 * @param names the setting `hosts`
 */
export function createHostCheck(listensOn: string, names: readonly string[]): HostCheck {
  const allowed = [listensOn, ...names].map((name) => name.toLowerCase());
  const isLocal = isLoopback(listensOn);
  return (host) => {
    const name = hostName(host);
    if (name === undefined) return false;
    if (isLoopback(name) || name.endsWith('.localhost')) return true;
    if (!isLocal && isIP(name) !== 0) return true;
    return allowed.some(
      (each) =>
        each === '*' || each === name || (each.startsWith('*.') && name.endsWith(each.slice(1))),
    );
  };
}

/** What is said to who asks under another name. */
export function foreignHost(hosts: readonly string[]): string {
  const shown = hosts.map((host) => host.slice(0, 100)).join(', ');
  return `this server does not answer to the host ${shown}; its operator names it with --hosts`;
}

/** The name in a `Host`, without port, brackets and last dot, in lower case; undefined when it is none. */
function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@?#]+?))\.?(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}
