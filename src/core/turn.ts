/** Lets everything else that waits have its turn: timers, messages, sockets. */
export function turn(): Promise<void> {
  // Browsers have no setImmediate, and hold a timer back for 4 ms where one begins another (HTML, 8.6).
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
