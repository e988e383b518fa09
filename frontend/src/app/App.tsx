import { DirectionProvider, localStorageColorSchemeManager, MantineProvider, useDirection } from '@mantine/core';
import { DatesProvider } from '@mantine/dates';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import 'dayjs/locale/he';
import { type ReactNode, useEffect, useState } from 'react';
import { auth, useAuth } from '@/api/auth';
import { isProblem } from '@/api/problem';
import { meQuery, sessionQuery } from '@/api/me/queries';
import { createQueryClient } from '@/api/query-client';
import { SignInAgain } from '@/features/auth/SignInAgain';
import { SignInPage } from '@/features/auth/SignInPage';
import { tabs } from '@/lib/channel';
import { changeLanguage, languageOf, useLocale } from '@/lib/i18n';
import { ErrorState, Loading } from '@/ui/States';
import { createAppRouter, warmPages } from './router';
import { theme } from './theme';

const schemes = localStorageColorSchemeManager({ key: 'finbrain-theme' });

export function App() {
  const [queries] = useState(createQueryClient);
  const { direction } = useLocale();
  return (
    <QueryClientProvider client={queries}>
      <DirectionProvider initialDirection={direction} detectDirection={false}>
        <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemes}>
          <Localised>
            <Notifications position="bottom-center" limit={3} zIndex={800} />
            <Gate />
          </Localised>
        </MantineProvider>
      </DirectionProvider>
    </QueryClientProvider>
  );
}

const weekDays = { sunday: 0, monday: 1, saturday: 6 } as const;

function Localised({ children }: { children: ReactNode }) {
  const { language, direction } = useLocale();
  const { setDirection } = useDirection();
  const me = useQuery({ ...meQuery, enabled: false }).data;
  useEffect(() => setDirection(direction), [direction, setDirection]);
  const firstDayOfWeek = weekDays[me?.week_start ?? 'monday'];
  return <DatesProvider settings={{ locale: language, firstDayOfWeek }}>{children}</DatesProvider>;
}

/** Decides between the sign-in page and the app. The app stays mounted when its session ends. */
function Gate() {
  const state = useAuth();
  const start = useStart();
  useOtherTabs();
  if (state.status === 'unknown') {
    return <div className="auth-page">{start.error ? <StartFailed {...start} /> : <Loading rows={3} height={120} />}</div>;
  }
  if (state.status === 'out') return <SignInPage />;
  return (
    <>
      <Routed key={state.userId} />
      <SignInAgain />
    </>
  );
}

function Routed() {
  const [router] = useState(createAppRouter);
  useEffect(() => {
    const timer = setTimeout(warmPages, 2_000);
    return () => clearTimeout(timer);
  }, []);
  return <RouterProvider router={router} />;
}

function StartFailed({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <main className="auth-main">
      <ErrorState error={error} onRetry={retry} />
    </main>
  );
}

/** Asks once whether this browser is signed in. */
function useStart(): { error: unknown; retry: () => void } {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (auth.get().status !== 'unknown') return;
    setError(null);
    Promise.all([queries.fetchQuery(meQuery), queries.fetchQuery(sessionQuery)])
      .then(async ([me]) => {
        await changeLanguage(languageOf(me.locale));
        auth.signedIn(me.id);
      })
      .catch((failure: unknown) => {
        if (isProblem(failure) && failure.status === 401) auth.signedOut();
        else setError(failure);
      });
  }, [queries, attempt]);
  return { error, retry: () => setAttempt((count) => count + 1) };
}

/** Signing in or out in another tab holds for this one as well: they share the cookie. */
function useOtherTabs() {
  const queries = useQueryClient();
  useEffect(
    () =>
      tabs.listen((message) => {
        const state = auth.get();
        if (message.type === 'signed-out' && state.status !== 'out') {
          if (state.status === 'in') auth.expire('signed-out');
        }
        if (message.type === 'signed-in') {
          if (state.status === 'expired' && state.userId === message.userId) {
            auth.signedIn(message.userId);
            void queries.invalidateQueries();
          } else if (state.status !== 'in' || state.userId !== message.userId) {
            window.location.reload();
          }
        }
      }),
    [queries],
  );
}
