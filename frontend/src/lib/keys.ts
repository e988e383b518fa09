/** Keyboard shortcuts by key code, so that they work under every layout; off inside fields and dialogs. */
import { useEffect, useRef } from 'react';

export type Shortcut = { code: string; mod?: boolean; shift?: boolean; run: () => void };

export function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest('input, textarea, select, [role="textbox"]') !== null;
}

function inDialog(): boolean {
  return document.querySelector('[aria-modal="true"]') !== null;
}

export function matches(event: KeyboardEvent, shortcut: Shortcut): boolean {
  const mod = event.metaKey || event.ctrlKey;
  return (
    event.code === shortcut.code &&
    mod === (shortcut.mod ?? false) &&
    event.shiftKey === (shortcut.shift ?? false) &&
    !event.altKey
  );
}

export function useShortcuts(shortcuts: Shortcut[]) {
  const current = useRef(shortcuts);
  useEffect(() => {
    current.current = shortcuts;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isEditable(event.target) || inDialog()) return;
      const found = current.current.find((shortcut) => matches(event, shortcut));
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
