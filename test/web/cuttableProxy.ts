import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A wire between a browser and a server that can be cut. */
export interface CuttableProxy {
  readonly url: string;
  /** Resolves when somebody has connected. */
  readonly opened: Promise<void>;
  /** Cuts every connection that is open now, without a goodbye; new ones get through. */
  cut(): void;
  close(): void;
}

/** Listens on a free loopback port and passes bytes on to the host and port of `target`. */
export async function cuttableProxy(target: string): Promise<CuttableProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const server = createServer((near) => {
    open();
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy()).on('close', () => sockets.delete(from));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    opened,
    cut,
    close() {
      cut();
      server.close();
    },
  };
}
