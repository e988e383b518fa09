/**
 * The stream of ledger events, one for all tabs of this browser: the tab that holds the lock reads it and tells the
 * others. Without Web Locks every tab reads for itself.
 */
import { client, unwrap } from '@/api/client';
import { type LiveMessage, tabs } from '@/lib/channel';

type Options = {
  /** The version up to which this tab has applied changes. */
  since: () => number;
  /** Called in every tab, for what it read itself or was told. */
  onMessage: (message: LiveMessage) => void;
};

const lockName = 'finbrain-live';
const renewedWithinMs = 500;
const firstDelayMs = 1_000;
const longestDelayMs = 30_000;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function parseChange(text: string): LiveMessage | null {
  try {
    const data: unknown = JSON.parse(text);
    if (!isRecord(data) || typeof data.version !== 'number') return null;
    const changes = Array.isArray(data.changes) ? data.changes : [];
    const kinds = changes.filter(isRecord).map((change) => String(change.kind));
    return { type: 'change', version: data.version, kinds: [...new Set(kinds)], reload: data.reload === true };
  } catch {
    return null;
  }
}

export function startLive({ since, onMessage }: Options): () => void {
  if (typeof EventSource === 'undefined') return () => undefined;
  const stop = new AbortController();
  const tell = (message: LiveMessage) => {
    onMessage(message);
    tabs.send({ type: 'live', message });
  };
  const stopListening = tabs.listen((message) => {
    if (message.type === 'live') onMessage(message.message);
  });
  stop.signal.addEventListener('abort', stopListening);

  if (typeof navigator !== 'undefined' && 'locks' in navigator) {
    navigator.locks
      .request(lockName, { signal: stop.signal }, () => readUntilStopped(since, tell, stop.signal))
      .catch(() => undefined);
  } else {
    void readUntilStopped(since, onMessage, stop.signal);
  }
  return () => stop.abort();
}

function readUntilStopped(
  since: () => number,
  tell: (message: LiveMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let delay = firstDelayMs;
    let lostAt: number | null = null;

    const open = () => {
      const from = since();
      source = new EventSource(from > 0 ? `/api/v1/events?since=${from}` : '/api/v1/events');
      source.onopen = () => {
        delay = firstDelayMs;
        lostAt = null;
        tell({ type: 'status', lostAt: null });
        tell({ type: 'resumed', version: since() });
      };
      source.addEventListener('change', (event: MessageEvent<string>) => {
        const message = parseChange(event.data);
        if (message) tell(message);
      });
      source.addEventListener('session', (event: MessageEvent<string>) => {
        source?.close();
        // After a change of the password this browser has a new session, whose cookie may still be on its way.
        timer = setTimeout(() => {
          void unwrap(client.GET('/api/v1/session')).then(open, () => tell({ type: 'ended', reason: event.data }));
        }, renewedWithinMs);
      });
      source.onerror = () => {
        // The browser would retry with its own pace and an old position; both are ours to choose.
        source?.close();
        lostAt ??= Date.now();
        // An EventSource does not tell a refusal from a cut line. This does, and a 401 ends the session in this tab.
        void unwrap(client.GET('/api/v1/session')).catch(() => undefined);
        tell({ type: 'status', lostAt });
        timer = setTimeout(open, delay);
        delay = Math.min(delay * 2, longestDelayMs);
      };
    };

    const hurry = () => {
      if (!lostAt || document.visibilityState !== 'visible') return;
      clearTimeout(timer);
      delay = firstDelayMs;
      open();
    };
    window.addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
    signal.addEventListener('abort', () => {
      window.removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', hurry);
      clearTimeout(timer);
      source?.close();
      resolve();
    });
    open();
  });
}
