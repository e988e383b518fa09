import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '@/api/client';
import { invalidateBook } from '@/api/history/queries';
import { ledgerVersion } from '@/api/version';

export function useHeartbeat() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (active: boolean) => unwrap(client.POST('/api/v1/session/heartbeat', { body: { active } })),
    onSuccess: (answer) => {
      // A safety net under the event stream: the book moved on and nothing told us.
      if (answer.ledger_version > ledgerVersion.get()) {
        ledgerVersion.see(answer.ledger_version);
        void invalidateBook(queries);
      }
    },
    retry: false,
  });
}

/** Ends the session on the server as well; nothing waits for it. */
export function endSession() {
  void unwrap(client.POST('/api/v1/auth/logout')).catch(() => undefined);
}
