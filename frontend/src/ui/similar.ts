/** What happens once a category was changed: it is said, can be taken back, and like rows are offered for the same. */
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { showDone } from './UndoToast';

let offered: string | null = null;
const listeners = new Set<() => void>();

function set(id: string | null) {
  offered = id;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** The transaction whose like rows the dialog shows, or `null`. */
export function useOfferedSimilar(): { id: string | null; close: () => void } {
  const id = useSyncExternalStore(subscribe, () => offered);
  return { id, close: closeSimilar };
}

function closeSimilar() {
  set(null);
}

/** Shows the toast of a change of category. `similar` is how many past rows the same change would fit. */
export function useCategoryChanged() {
  const { t } = useTranslation();
  return (message: string, entryId: string | null, id: string, similar: number | undefined) => {
    if (!similar) showDone(message, entryId);
    else showDone(message, entryId, { label: t('similar.offer', { count: similar }), run: () => set(id) });
  };
}
