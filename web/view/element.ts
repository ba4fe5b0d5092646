/** The element of the page with this id, which must be there and of this kind. */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id) as Element | null;
  if (found instanceof kind) return found;
  throw new TypeError(`the page must have a ${kind.name} with the id ${id}`);
}
