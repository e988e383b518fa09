/**
 * Owns whether this tab is signed in. Any layer may report that the session ended; the shell decides what is shown.
 * It knows nothing of pages or of the network.
 */
import { useSyncExternalStore } from 'react';

export type EndReason = 'idle' | 'inactive' | 'revoked' | 'signed-out' | 'ended';

export type AuthState =
  | { status: 'unknown' }
  | { status: 'out' }
  | { status: 'in'; userId: string }
  /** The session ended while a page was open: its user may come back to it. */
  | { status: 'expired'; userId: string; reason: EndReason };

let state: AuthState = { status: 'unknown' };
const listeners = new Set<() => void>();

function set(next: AuthState) {
  state = next;
  for (const listener of listeners) listener();
}

export const auth = {
  get: () => state,
  signedIn: (userId: string) => set({ status: 'in', userId }),
  signedOut: () => set({ status: 'out' }),
  reset: () => set({ status: 'unknown' }),
  /** Ends the session in this tab; the page stays mounted under the sign-in card. */
  expire(reason: EndReason) {
    if (state.status === 'in') set({ status: 'expired', userId: state.userId, reason });
    else if (state.status === 'unknown') set({ status: 'out' });
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

export function useAuth(): AuthState {
  return useSyncExternalStore(auth.subscribe, auth.get);
}

export function reasonOf(code: string | undefined): EndReason {
  switch (code) {
    case 'session_revoked':
      return 'revoked';
    case 'session_expired':
      return 'inactive';
    default:
      return 'ended';
  }
}
