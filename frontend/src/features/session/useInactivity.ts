import { useCallback, useEffect, useRef, useState } from 'react';
import { auth } from '@/api/auth';
import type { Session } from '@/api/types';
import { tabs } from '@/lib/channel';
import { begin, type Effect, type InactivityEvent, type InactivityState, secondsLeft, step } from '@/lib/inactivity';
import { endSession, useHeartbeat } from './queries';

const activityEvents = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;
const announceEveryMs = 1_000;

/** Feeds the inactivity machine with time, with what the person does and with what other tabs say. */
export function useInactivity(session: Session) {
  const { mutate: heartbeat } = useHeartbeat();
  const machine = useRef<InactivityState | null>(null);
  const [warning, setWarning] = useState<{ left: number } | null>(null);

  const feed = useCallback(
    (event: InactivityEvent) => {
      const before = machine.current;
      if (!before || auth.get().status !== 'in') return;
      const now = Date.now();
      const [next, effects] = step(before, event, now);
      machine.current = next;
      setWarning((shown) => {
        if (next.phase !== 'warning') return null;
        const left = secondsLeft(next, now);
        return shown?.left === left ? shown : { left };
      });
      const act = (effect: Effect) => {
        if (effect.type === 'expire') {
          auth.expire('inactive');
          endSession();
          return;
        }
        tabs.send({ type: 'beat', at: now });
        heartbeat(effect.active, { onError: () => feed({ type: 'beat-failed' }) });
      };
      effects.forEach(act);
    },
    [heartbeat],
  );

  const { heartbeat_seconds, warning_seconds, inactive_seconds, id } = session;
  useEffect(() => {
    const limits = {
      heartbeatMs: heartbeat_seconds * 1000,
      warningMs: warning_seconds * 1000,
      inactiveMs: inactive_seconds * 1000,
    };
    machine.current = begin(limits, Date.now());
    // Opening the page is an act of the person, and the server should know.
    feed({ type: 'stay' });

    let lastHeard = 0;
    const onActivity = () => {
      const now = Date.now();
      if (now - lastHeard < announceEveryMs) return;
      lastHeard = now;
      const counted = machine.current?.phase === 'active';
      feed({ type: 'activity' });
      if (counted) tabs.send({ type: 'activity', at: now });
    };
    const onVisible = () => feed({ type: document.visibilityState === 'visible' ? 'wake' : 'tick' });
    const timer = setInterval(() => feed({ type: 'tick' }), 1_000);
    const stopListening = tabs.listen((message) => {
      if (message.type === 'activity') feed({ type: 'remote-activity', at: message.at });
      if (message.type === 'stay') feed({ type: 'remote-stay', at: message.at });
      if (message.type === 'beat') feed({ type: 'remote-beat', at: message.at });
    });
    for (const name of activityEvents) window.addEventListener(name, onActivity, { capture: true, passive: true });
    document.addEventListener('visibilitychange', onVisible);
    window.addEventListener('focus', onVisible);
    return () => {
      clearInterval(timer);
      stopListening();
      for (const name of activityEvents) window.removeEventListener(name, onActivity, { capture: true });
      document.removeEventListener('visibilitychange', onVisible);
      window.removeEventListener('focus', onVisible);
      machine.current = null;
      setWarning(null);
    };
  }, [heartbeat_seconds, warning_seconds, inactive_seconds, id, feed]);

  const stay = useCallback(() => {
    tabs.send({ type: 'stay', at: Date.now() });
    feed({ type: 'stay' });
  }, [feed]);

  return { warning, stay };
}
