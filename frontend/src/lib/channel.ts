/** One BroadcastChannel between the tabs of this browser; silent where there is none. */

export type TabMessage =
  | { type: 'activity'; at: number }
  | { type: 'stay'; at: number }
  | { type: 'beat'; at: number }
  | { type: 'signed-in'; userId: string }
  | { type: 'signed-out' }
  | { type: 'live'; message: LiveMessage };

export type LiveMessage =
  | { type: 'change'; version: number; kinds: string[]; reload: boolean }
  | { type: 'status'; lostAt: number | null }
  /** A new leader tells from which version it goes on. */
  | { type: 'resumed'; version: number }
  | { type: 'ended'; reason: string };

type Listener = (message: TabMessage) => void;

const listeners = new Set<Listener>();
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('finbrain');
if (channel) {
  channel.onmessage = (event: MessageEvent<TabMessage>) => {
    for (const listener of listeners) listener(event.data);
  };
}

export const tabs = {
  /** To the other tabs, never to this one. */
  send(message: TabMessage) {
    channel?.postMessage(message);
  },
  listen(listener: Listener) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};
