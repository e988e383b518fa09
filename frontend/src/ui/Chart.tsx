import { lazy, Suspense } from 'react';
import type { BarChartProps } from './BarChart';

const BarChart = lazy(() => import('./BarChart'));

/** The only way to ECharts, which is loaded when the first chart is shown. */
export function Chart(props: BarChartProps) {
  return (
    <Suspense fallback={<div style={{ height: props.height }} />}>
      <BarChart {...props} />
    </Suspense>
  );
}
