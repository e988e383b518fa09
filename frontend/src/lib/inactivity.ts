/**
 * When to send a heartbeat, when to warn and when to end the session, as a pure machine over wall-clock times. It sets no
 * timer: whoever owns one calls `step` with the time of the call, so a throttled or frozen timer only delays what it finds.
 */

export type Limits = { heartbeatMs: number; warningMs: number; inactiveMs: number };

export type InactivityState = {
  phase: 'active' | 'warning' | 'expired';
  limits: Limits;
  lastActivity: number;
  lastBeat: number;
  /** Whether something happened since the last heartbeat. */
  unreported: boolean;
};

export type InactivityEvent =
  | { type: 'tick' }
  /** The page became visible again. */
  | { type: 'wake' }
  | { type: 'activity' }
  | { type: 'stay' }
  /** Another tab of the same session saw activity, or its "Stay logged in". */
  | { type: 'remote-activity'; at: number }
  | { type: 'remote-stay'; at: number }
  /** Another tab sent a heartbeat for all. */
  | { type: 'remote-beat'; at: number }
  /** A heartbeat did not get through. */
  | { type: 'beat-failed' };

export type Effect = { type: 'beat'; active: boolean } | { type: 'expire' };

const retryMs = 5_000;

export function begin(limits: Limits, now: number): InactivityState {
  return { phase: 'active', limits, lastActivity: now, lastBeat: now, unreported: false };
}

export function secondsLeft(state: InactivityState, now: number): number {
  return Math.max(0, Math.ceil((state.lastActivity + state.limits.inactiveMs - now) / 1000));
}

export function step(state: InactivityState, event: InactivityEvent, now: number): [InactivityState, Effect[]] {
  if (state.phase === 'expired') return [state, []];
  if (event.type === 'remote-stay' || event.type === 'remote-activity') {
    state = hear(state, event, now);
  }
  const current = settle(state, now);
  if (current.phase === 'expired') return [current, [{ type: 'expire' }]];
  switch (event.type) {
    case 'activity':
      // While the warning is up only an explicit answer counts: a nudged mouse is not a person.
      if (current.phase === 'warning') return [current, []];
      return beatIfDue({ ...current, lastActivity: now, unreported: true }, now);
    case 'stay':
      return beat({ ...current, phase: 'active', lastActivity: now, unreported: true }, now);
    case 'wake':
      return now - current.lastBeat >= 1_000 ? beat(current, now) : [current, []];
    case 'remote-beat':
      return [{ ...current, lastBeat: Math.max(current.lastBeat, Math.min(event.at, now)), unreported: false }, []];
    case 'beat-failed':
      return [{ ...current, lastBeat: now - current.limits.heartbeatMs + retryMs, unreported: true }, []];
    default:
      return beatIfDue(current, now);
  }
}

function hear(
  state: InactivityState,
  event: { type: 'remote-activity' | 'remote-stay'; at: number },
  now: number,
): InactivityState {
  const at = Math.min(event.at, now);
  if (at <= state.lastActivity) return state;
  if (state.phase === 'warning' && event.type === 'remote-activity') return state;
  return { ...state, phase: 'active', lastActivity: at, unreported: true };
}

function settle(state: InactivityState, now: number): InactivityState {
  const quiet = now - state.lastActivity;
  if (quiet >= state.limits.inactiveMs) return { ...state, phase: 'expired' };
  if (quiet >= state.limits.warningMs) return { ...state, phase: 'warning' };
  return state;
}

function beatIfDue(state: InactivityState, now: number): [InactivityState, Effect[]] {
  return now - state.lastBeat >= state.limits.heartbeatMs ? beat(state, now) : [state, []];
}

function beat(state: InactivityState, now: number): [InactivityState, Effect[]] {
  return [{ ...state, lastBeat: now, unreported: false }, [{ type: 'beat', active: state.unreported }]];
}
