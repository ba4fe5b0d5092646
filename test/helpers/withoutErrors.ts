import type { Page } from 'playwright-core';

/** Runs `act` and fails when the page throws meanwhile. */
export async function withoutErrors<T>(page: Page, act: () => Promise<T>): Promise<T> {
  const thrown: Error[] = [];
  page.on('pageerror', (error) => thrown.push(error));
  const result = await act();
  if (thrown.length > 0) throw new AggregateError(thrown, 'the page threw');
  return result;
}
