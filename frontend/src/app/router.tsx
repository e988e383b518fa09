import { createRootRoute, createRoute, createRouter, Link, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { parseDashboardSearch } from '@/features/dashboard/search';
import { parseForecastSearch } from '@/features/forecast/search';
import { type Filters, parseFilters } from '@/features/transactions/filters';
import { EmptyState, ErrorState, Loading } from '@/ui/States';
import { Shell } from './Shell';

const pages = {
  dashboard: () => import('@/features/dashboard/DashboardPage'),
  transactions: () => import('@/features/transactions/TransactionsPage'),
  review: () => import('@/features/review/ReviewPage'),
  insights: () => import('@/features/insights/InsightsPage'),
  forecast: () => import('@/features/forecast/ForecastPage'),
  settings: () => import('@/features/settings/SettingsPage'),
  classifier: () => import('@/features/settings/ClassifierPage'),
};

const DashboardPage = lazy(async () => ({ default: (await pages.dashboard()).DashboardPage }));
const TransactionsPage = lazy(async () => ({ default: (await pages.transactions()).TransactionsPage }));
const ReviewPage = lazy(async () => ({ default: (await pages.review()).ReviewPage }));
const InsightsPage = lazy(async () => ({ default: (await pages.insights()).InsightsPage }));
const ForecastPage = lazy(async () => ({ default: (await pages.forecast()).ForecastPage }));
const ClassifierPage = lazy(async () => ({ default: (await pages.classifier()).ClassifierPage }));
const SettingsPage = lazy(async () => ({ default: (await pages.settings()).SettingsPage }));

/** Fetches the other pages once the first one is on the screen. */
export function warmPages() {
  for (const load of Object.values(pages)) void load().catch(() => undefined);
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const dashboard = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: parseDashboardSearch,
  component: function DashboardRoute() {
    const search = dashboard.useSearch();
    const navigate = useNavigate();
    return (
      <Suspense fallback={<Loading rows={3} height={120} />}>
        <DashboardPage search={search} onSearch={(next) => void navigate({ to: '/', search: next })} />
      </Suspense>
    );
  },
});

const transactions = createRoute({
  getParentRoute: () => root,
  path: '/transactions',
  validateSearch: parseFilters,
  component: function TransactionsRoute() {
    const search = transactions.useSearch();
    const navigate = useNavigate();
    const write = (next: Filters, replace: boolean) =>
      void navigate({ to: '/transactions', search: next, replace, resetScroll: false });
    return (
      <Suspense fallback={<Loading rows={8} height={44} />}>
        <TransactionsPage filters={search} onFilters={write} />
      </Suspense>
    );
  },
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: function SettingsRoute() {
    return (
      <Suspense fallback={<Loading rows={4} height={120} />}>
        <SettingsPage />
      </Suspense>
    );
  },
});

const review = createRoute({
  getParentRoute: () => root,
  path: '/review',
  component: function ReviewRoute() {
    return (
      <Suspense fallback={<Loading rows={2} height={160} />}>
        <ReviewPage />
      </Suspense>
    );
  },
});

const insights = createRoute({
  getParentRoute: () => root,
  path: '/insights',
  validateSearch: parseForecastSearch,
  component: function InsightsRoute() {
    const { currency } = insights.useSearch();
    const navigate = useNavigate();
    return (
      <Suspense fallback={<Loading rows={3} height={120} />}>
        <InsightsPage
          currency={currency}
          onCurrency={(next) => void navigate({ to: '/insights', search: { currency: next } })}
        />
      </Suspense>
    );
  },
});

const forecast = createRoute({
  getParentRoute: () => root,
  path: '/forecast',
  validateSearch: parseForecastSearch,
  component: function ForecastRoute() {
    const search = forecast.useSearch();
    const navigate = useNavigate();
    return (
      <Suspense fallback={<Loading rows={2} height={220} />}>
        <ForecastPage
          search={search}
          onSearch={(next) => void navigate({ to: '/forecast', search: next, resetScroll: false })}
        />
      </Suspense>
    );
  },
});

const classifier = createRoute({
  getParentRoute: () => root,
  path: '/settings/classifier',
  component: function ClassifierRoute() {
    return (
      <Suspense fallback={<Loading rows={3} height={120} />}>
        <ClassifierPage />
      </Suspense>
    );
  },
});

function NotFound() {
  const { t } = useTranslation();
  return (
    <EmptyState title={t('state.notFound')} action={<Link to="/">{t('state.home')}</Link>}>
      {t('state.notFoundText')}
    </EmptyState>
  );
}

function Failed({ error, reset }: { error: unknown; reset: () => void }) {
  return <ErrorState error={error} onRetry={reset} />;
}

/** Plain `key=value` searches: what is in the address bar can be read and written by hand. */
function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

export function createAppRouter() {
  return createRouter({
    routeTree: root.addChildren([dashboard, transactions, review, insights, forecast, settings, classifier]),
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch,
    scrollRestoration: true,
    defaultErrorComponent: Failed,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
