import { ActionIcon, Button, Group, Menu, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAuth } from '@/api/auth';
import { useRedo, useUndo } from '@/api/history/queries';
import { keyed } from '@/api/idempotency';
import { useMe } from '@/api/me/queries';
import { useReviewCount } from '@/api/transactions/queries';
import { DemoBanner } from '@/features/auth/KeepDemo';
import { useLogout } from '@/features/auth/queries';
import { LiveStatus } from '@/features/live/LiveStatus';
import { SessionGuard } from '@/features/session/SessionGuard';
import { onCommand, runCommand } from '@/lib/commands';
import { useLocale } from '@/lib/i18n';
import { useShortcuts } from '@/lib/keys';
import { formatCount } from '@/lib/money';
import { IconChart, IconHome, IconInbox, IconList, IconLogout, IconPlus, IconSettings, IconSparkle } from '@/ui/icons';
import { Logo } from '@/ui/Logo';
import { useOfferedSimilar } from '@/ui/similar';
import { useProblemText } from '@/ui/States';
import { ThemeButton } from '@/ui/ThemeButton';

const loadQuickAdd = () => import('@/features/transactions/QuickAdd');
const QuickAdd = lazy(async () => ({ default: (await loadQuickAdd()).QuickAdd }));

const SimilarDialog = lazy(() => import('@/ui/SimilarDialog'));

/** The frame of every signed-in page: where one can go, what is always at hand, and what watches over the session. */
export function Shell() {
  const { t } = useTranslation();
  const signedIn = useAuth().status === 'in';
  const logout = useLogout();
  useShellShortcuts();

  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        {t('nav.skip')}
      </a>
      <header className="shell-header">
        <Link to="/" className="brand" aria-label={t('nav.home')}>
          <Logo />
          <span>FinBrain</span>
        </Link>
        <nav aria-label={t('nav.label')} className="shell-nav">
          <NavLink to="/" icon={<IconHome />}>
            {t('dashboard.title')}
          </NavLink>
          <NavLink to="/transactions" icon={<IconList />}>
            {t('transactions.title')}
          </NavLink>
          <NavLink to="/insights" icon={<IconSparkle />}>
            {t('insights.title')}
          </NavLink>
          <NavLink to="/forecast" icon={<IconChart />}>
            {t('forecast.title')}
          </NavLink>
          <NavLink to="/settings" icon={<IconSettings />}>
            {t('settings.title')}
          </NavLink>
        </nav>
        <Group gap={6} wrap="nowrap" className="shell-tools">
          <Button leftSection={<IconPlus />} onClick={() => runCommand('quick-add')} className="add-button">
            {t('add.open')}
          </Button>
          <ReviewLink enabled={signedIn} />
          <ThemeButton />
          <AccountMenu onLogout={() => logout.mutate()} />
        </Group>
      </header>
      <DemoBanner />
      <LiveStatus enabled={signedIn} />
      <main id="main" tabIndex={-1} className="shell-main">
        <Outlet />
      </main>
      <QuickAddWhenAsked />
      <SimilarWhenAsked />
      <SessionGuard onLogout={() => logout.mutate()} />
    </div>
  );
}

function QuickAddWhenAsked() {
  const [state, setState] = useState<'never' | 'open' | 'closed'>('never');
  useEffect(() => {
    const stop = onCommand('quick-add', () => setState('open'));
    const timer = setTimeout(() => void loadQuickAdd().catch(() => undefined), 1_500);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  if (state === 'never') return null;
  return (
    <Suspense fallback={null}>
      <QuickAdd opened={state === 'open'} onClose={() => setState('closed')} />
    </Suspense>
  );
}

function SimilarWhenAsked() {
  const { id } = useOfferedSimilar();
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (id !== null) setAsked(true);
  }, [id]);
  if (!asked) return null;
  return (
    <Suspense fallback={null}>
      <SimilarDialog />
    </Suspense>
  );
}

/** The way to the inbox, with how much is in it. */
function ReviewLink({ enabled }: { enabled: boolean }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const count = useReviewCount(enabled);
  const label = count > 0 ? t('review.open', { count }) : t('review.title');
  return (
    <Tooltip label={label}>
      <ActionIcon component={Link} to="/review" variant="subtle" color="gray" size="lg" aria-label={label} className="review-link">
        <IconInbox />
        {count > 0 ? (
          <span className="review-count" aria-hidden="true">
            {formatCount(Math.min(count, 99), locale)}
          </span>
        ) : null}
      </ActionIcon>
    </Tooltip>
  );
}

type Place = '/' | '/transactions' | '/insights' | '/forecast' | '/settings';

function NavLink({ to, icon, children }: { to: Place; icon: ReactNode; children: ReactNode }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const here = path === to || (to === '/settings' && path.startsWith('/settings/'));
  return (
    <Link to={to} className="nav-link" aria-current={here ? 'page' : undefined}>
      {icon}
      <span>{children}</span>
    </Link>
  );
}

function AccountMenu({ onLogout }: { onLogout: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const initial = (me.name.trim() || me.email || 'F').slice(0, 1).toUpperCase();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" radius="xl" aria-label={t('nav.account')}>
          <span aria-hidden="true">{initial}</span>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{me.email ?? me.name}</bdi>
        </Menu.Label>
        <Menu.Item component={Link} to="/settings" leftSection={<IconSettings />}>
          {t('settings.title')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout />} onClick={onLogout}>
          {t('auth.logout')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function useShellShortcuts() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const text = useProblemText();
  const undo = useUndo();
  const redo = useRedo();
  const failed = (error: unknown) => notifications.show({ message: text(error), color: 'orange' });

  useShortcuts([
    { code: 'KeyN', run: () => runCommand('quick-add') },
    {
      code: 'Slash',
      run: () => {
        if (runCommand('focus-search')) return;
        void navigate({ to: '/transactions' }).then(() => requestAnimationFrame(() => runCommand('focus-search')));
      },
    },
    {
      code: 'KeyZ',
      mod: true,
      run: () =>
        undo.mutate(keyed({}), {
          onSuccess: () => notifications.show({ message: t('undo.done') }),
          onError: failed,
        }),
    },
    {
      code: 'KeyZ',
      mod: true,
      shift: true,
      run: () =>
        redo.mutate(keyed({}), {
          onSuccess: () => notifications.show({ message: t('undo.redone') }),
          onError: failed,
        }),
    },
  ]);
}
