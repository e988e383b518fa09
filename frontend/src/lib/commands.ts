/** Actions that any page may ask of the shell, so that features need not know each other. */

type Commands = { 'quick-add': undefined; 'focus-search': undefined };
type Name = keyof Commands;

const listeners = new Map<Name, Set<() => void>>();

export function runCommand(name: Name): boolean {
  const found = listeners.get(name);
  if (!found || found.size === 0) return false;
  for (const listener of found) listener();
  return true;
}

export function onCommand(name: Name, listener: () => void) {
  const found = listeners.get(name) ?? new Set<() => void>();
  listeners.set(name, found);
  found.add(listener);
  return () => {
    found.delete(listener);
  };
}
