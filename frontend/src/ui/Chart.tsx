import { lazy, Suspense } from 'react';
import type { BarChartProps } from './BarChart';
import type { FanChartProps } from './FanChart';

const BarChart = lazy(() => import('./BarChart'));
const FanChart = lazy(() => import('./FanChart'));

/** The only way to ECharts, which is loaded when the first chart is shown. */
export function Chart(props: BarChartProps) {
  return (
    <Suspense fallback={<div style={{ height: props.height }} />}>
      <BarChart {...props} />
    </Suspense>
  );
}

/** What was, and the range of what may come. */
export function Fan(props: FanChartProps) {
  return (
    <Suspense fallback={<div style={{ height: props.height }} />}>
      <FanChart {...props} />
    </Suspense>
  );
}
