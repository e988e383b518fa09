import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../client';
import { type Keyed, keyHeader } from '../idempotency';

/** Undoes one journal entry, or the last one when none is named. */
export function useUndo() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ entryId, ...key }: Keyed<{ entryId?: string }>) =>
      unwrap(
        client.POST('/api/v1/undo', { body: entryId ? { entry_id: entryId } : {}, headers: keyHeader(key) }),
      ),
    onSuccess: () => invalidateBook(queries),
  });
}

export function useRedo() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: Keyed<object>) => unwrap(client.POST('/api/v1/redo', { headers: keyHeader(key) })),
    onSuccess: () => invalidateBook(queries),
  });
}

/** Lists and reports over transactions. */
export const computed = ['transactions', 'review', 'dashboard', 'insights', 'forecast'] as const;

/** Everything that is computed from the ledger. */
export function invalidateBook(queries: ReturnType<typeof useQueryClient>) {
  return Promise.all(
    [...computed, 'transaction', 'categories', 'me'].map((key) => queries.invalidateQueries({ queryKey: [key] })),
  );
}
