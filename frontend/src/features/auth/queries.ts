import { useMutation, useQueryClient } from '@tanstack/react-query';
import { auth } from '@/api/auth';
import { client, unwrap } from '@/api/client';
import { meQuery, sessionQuery } from '@/api/me/queries';
import type { KeepDemo, Login, Register, SignedIn } from '@/api/types';
import { ledgerVersion } from '@/api/version';
import { tabs } from '@/lib/channel';
import { changeLanguage, i18n, languageOf } from '@/lib/i18n';

function browserTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The language and the currency that the browser lets us guess; both can be changed in the settings. */
function guesses() {
  const timeZone = browserTimeZone();
  const locale = i18n.language;
  const shekel = languageOf(locale) === 'he' || timeZone === 'Asia/Jerusalem' || timeZone === 'Asia/Tel_Aviv';
  return { base_currency: shekel ? 'ILS' : 'USD', locale, time_zone: timeZone };
}

/** Takes over a fresh session. The same person finds the page as it was left; anybody else gets clean caches. */
function useEnter() {
  const queries = useQueryClient();
  return async ({ user, session }: SignedIn) => {
    const before = auth.get();
    const same = before.status === 'expired' && before.userId === user.id;
    if (!same) {
      queries.clear();
      ledgerVersion.reset();
    }
    queries.setQueryData(sessionQuery.queryKey, session);
    // A login opens no book: its answer has the settings that the account began with, `/me` has the current ones.
    const me = await queries.fetchQuery({ ...meQuery, staleTime: 0 });
    await changeLanguage(languageOf(me.locale));
    auth.signedIn(user.id);
    tabs.send({ type: 'signed-in', userId: user.id });
    if (same) await queries.invalidateQueries();
  };
}

export function useLogin() {
  const enter = useEnter();
  return useMutation({
    mutationFn: (body: Login) => unwrap(client.POST('/api/v1/auth/login', { body })),
    onSuccess: enter,
    retry: false,
  });
}

export function useRegister() {
  const enter = useEnter();
  return useMutation({
    mutationFn: (body: Register) => unwrap(client.POST('/api/v1/auth/register', { body: { ...guesses(), ...body } })),
    onSuccess: enter,
    retry: false,
  });
}

export function useDemo() {
  const enter = useEnter();
  return useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/demo', { body: guesses() })),
    onSuccess: enter,
    retry: false,
  });
}

export function useKeepDemo() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: KeepDemo) => unwrap(client.POST('/api/v1/auth/demo/keep', { body })),
    onSuccess: ({ user, session }) => {
      queries.setQueryData(meQuery.queryKey, user);
      queries.setQueryData(sessionQuery.queryKey, session);
      auth.signedIn(user.id);
    },
    retry: false,
  });
}

export function useLogout() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/logout')),
    onSettled: () => {
      tabs.send({ type: 'signed-out' });
      auth.signedOut();
      queries.clear();
      ledgerVersion.reset();
    },
    retry: false,
  });
}
