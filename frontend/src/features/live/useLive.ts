import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { auth, reasonOf } from '@/api/auth';
import { computed, invalidateBook } from '@/api/history/queries';
import { ledgerVersion } from '@/api/version';
import type { LiveMessage } from '@/lib/channel';
import { startLive } from './stream';

/** Which cached answers a change of one kind makes stale. */
const affected: Record<string, string[]> = {
  transaction: [...computed, 'transaction', 'categories'],
  category: [...computed, 'categories'],
  account: ['dashboard', 'insights'],
  settings: [...computed, 'me', 'classifier'],
  merchant: ['transactions', 'review', 'classifier'],
  silence: ['insights'],
};

/** Follows the ledger while signed in. Returns since when the view may be stale, or `null`. */
export function useLive(enabled: boolean): number | null {
  const queries = useQueryClient();
  const [lostAt, setLostAt] = useState<number | null>(null);

  useEffect(() => {
    if (!enabled) return undefined;
    let applied = ledgerVersion.get();
    let notice: ReturnType<typeof setTimeout> | undefined;

    const applyChange = (message: Extract<LiveMessage, { type: 'change' }>) => {
      const own = ledgerVersion.isOwn(message.version);
      const gap = applied > 0 && message.version > applied + 1;
      applied = Math.max(applied, message.version);
      ledgerVersion.see(message.version);
      if (message.reload || gap || message.kinds.some((kind) => !(kind in affected))) {
        void invalidateBook(queries);
        return;
      }
      if (own) return;
      const keys = new Set(message.kinds.flatMap((kind) => affected[kind] ?? []));
      for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
    };

    const onMessage = (message: LiveMessage) => {
      switch (message.type) {
        case 'change':
          applyChange(message);
          break;
        case 'resumed':
          if (message.version > applied) {
            applied = message.version;
            ledgerVersion.see(message.version);
            void invalidateBook(queries);
          }
          break;
        case 'status':
          if (message.lostAt === null) {
            clearTimeout(notice);
            notice = undefined;
            setLostAt(null);
          } else {
            // A blink of the connection is nobody's business.
            notice ??= setTimeout(() => setLostAt(message.lostAt), 3_000);
          }
          break;
        case 'ended':
          auth.expire(endReason(message.reason));
          break;
      }
    };

    const stop = startLive({ since: () => applied || ledgerVersion.get(), onMessage });
    return () => {
      clearTimeout(notice);
      setLostAt(null);
      stop();
    };
  }, [enabled, queries]);

  return lostAt;
}

function endReason(data: string) {
  try {
    const parsed: unknown = JSON.parse(data);
    if (typeof parsed === 'object' && parsed !== null && 'reason' in parsed) {
      const reason = String(parsed.reason);
      if (reason === 'inactive' || reason === 'idle' || reason === 'revoked') return reason;
      return reasonOf(reason);
    }
  } catch {
    // An older server sends nothing that we could read.
  }
  return 'ended' as const;
}
