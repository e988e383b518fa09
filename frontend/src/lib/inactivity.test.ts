import { describe, expect, test } from 'vitest';
import { begin, type Effect, type InactivityEvent, type InactivityState, secondsLeft, step } from './inactivity';

const limits = { heartbeatMs: 30_000, warningMs: 240_000, inactiveMs: 300_000 };

/** Feeds events at the given seconds and collects what they cause. */
function run(events: [number, InactivityEvent][]): { state: InactivityState; effects: [number, Effect][] } {
  let state = begin(limits, 0);
  const effects: [number, Effect][] = [];
  for (const [second, event] of events) {
    const [next, caused] = step(state, event, second * 1000);
    state = next;
    for (const effect of caused) effects.push([second, effect]);
  }
  return { state, effects };
}

const ticks = (from: number, to: number, every = 1): [number, InactivityEvent][] =>
  Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, index) => [from + index * every, { type: 'tick' }]);

describe('heartbeats', () => {
  test('go out every thirty seconds and tell whether anything happened', () => {
    const { effects } = run([...ticks(1, 45), [45, { type: 'activity' }], ...ticks(46, 90)]);

    expect(effects).toEqual([
      [30, { type: 'beat', active: false }],
      [60, { type: 'beat', active: true }],
      [90, { type: 'beat', active: false }],
    ]);
  });

  test('go out at once when the page becomes visible', () => {
    const { effects } = run([[12, { type: 'wake' }]]);

    expect(effects).toEqual([[12, { type: 'beat', active: false }]]);
  });

  test('are left to the tab that sent one', () => {
    const { effects } = run([[25, { type: 'remote-beat', at: 25_000 }], ...ticks(26, 54)]);

    expect(effects).toEqual([]);
  });

  test('are sent again soon after one was lost, with what it would have told', () => {
    const { effects } = run([[10, { type: 'activity' }], [30, { type: 'tick' }], [31, { type: 'beat-failed' }], ...ticks(32, 36)]);

    expect(effects).toEqual([
      [30, { type: 'beat', active: true }],
      [36, { type: 'beat', active: true }],
    ]);
  });
});

describe('the warning', () => {
  test('comes after four quiet minutes, with a minute to answer', () => {
    const { state } = run(ticks(1, 240));

    expect(state.phase).toBe('warning');
    expect(secondsLeft(state, 240_000)).toBe(60);
  });

  test('does not go away by a nudge of the mouse, here or in another tab', () => {
    const { state } = run([...ticks(1, 240), [245, { type: 'activity' }], [246, { type: 'remote-activity', at: 246_000 }]]);

    expect(state.phase).toBe('warning');
  });

  test('goes away by "stay", which the server hears', () => {
    const { state, effects } = run([[240, { type: 'tick' }], [250, { type: 'stay' }]]);

    expect(state.phase).toBe('active');
    expect(effects.at(-1)).toEqual([250, { type: 'beat', active: true }]);
    expect(secondsLeft(state, 250_000)).toBe(300);
  });

  test('goes away in every tab', () => {
    const { state } = run([[240, { type: 'tick' }], [250, { type: 'remote-stay', at: 250_000 }]]);

    expect(state.phase).toBe('active');
  });
});

describe('the end', () => {
  test('comes once', () => {
    const { effects } = run([...ticks(1, 310)]);

    expect(effects.filter(([, effect]) => effect.type === 'expire')).toEqual([[300, { type: 'expire' }]]);
  });

  test('is found by the first look after a sleep, even when that look is a touch', () => {
    const { state, effects } = run([[10, { type: 'activity' }], [4000, { type: 'activity' }]]);

    expect(state.phase).toBe('expired');
    expect(effects).toEqual([[4000, { type: 'expire' }]]);
  });

  test('does not come while another tab is in use', () => {
    const { state } = run([[200, { type: 'remote-activity', at: 200_000 }], ...ticks(201, 400, 10)]);

    expect(state.phase).toBe('active');
  });

  test('a clock of another tab that runs ahead gains no time', () => {
    const { state } = run([[10, { type: 'remote-activity', at: 9_000_000 }]]);

    expect(state.lastActivity).toBe(10_000);
  });
});
