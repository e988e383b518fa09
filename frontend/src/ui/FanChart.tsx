import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect } from 'react';
import { chartFrame, hoveredIndex, useChartLook, useEChart } from './echart';
import type { FanLines } from './fan';

echarts.use([LineChart, GridComponent, TooltipComponent, LegendComponent, SVGRenderer]);

export type FanChartProps = {
  lines: FanLines;
  labels: string[];
  names: { past: string; likely: string; range: string };
  height: number;
  description: string;
  /** What is said of one month, line by line. */
  monthText: (index: number) => string[];
  axisText: (value: number) => string;
};

export default function FanChart({ lines, labels, names, height, description, monthText, axisText }: FanChartProps) {
  const { box, chart } = useEChart();
  const { dark, still, rtl } = useChartLook();

  useEffect(() => {
    const ink = dark ? '#c3cecb' : '#34413e';
    const accent = dark ? '#76beb6' : '#0f6e68';
    const order = [names.past, names.likely, names.range];
    const line = { type: 'line', symbol: 'none', connectNulls: false, emphasis: { disabled: true } };
    chart.current?.setOption(
      {
        animation: !still,
        animationDuration: 300,
        ...chartFrame({ dark, rtl, labels, names: rtl ? order.reverse() : order, axisText }),
        tooltip: {
          trigger: 'axis',
          renderMode: 'richText',
          confine: true,
          formatter: (items: unknown) => {
            const index = hoveredIndex(items);
            return index === null ? '' : monthText(index).join('\n');
          },
        },
        series: [
          { ...line, name: 'low', stack: 'range', stackStrategy: 'all', lineStyle: { opacity: 0 }, data: lines.low },
          {
            ...line,
            name: names.range,
            stack: 'range',
            stackStrategy: 'all',
            lineStyle: { opacity: 0 },
            itemStyle: { color: accent, opacity: 0.35 },
            areaStyle: { color: accent, opacity: dark ? 0.28 : 0.18 },
            data: lines.spread,
          },
          {
            ...line,
            name: names.past,
            itemStyle: { color: ink },
            lineStyle: { color: ink, width: 2 },
            data: lines.past,
          },
          {
            ...line,
            name: names.likely,
            itemStyle: { color: accent },
            lineStyle: { color: accent, width: 2.5, type: [6, 4] },
            data: lines.likely,
          },
        ],
      },
      true,
    );
  }, [chart, lines, labels, names, monthText, axisText, dark, still, rtl]);

  return <div ref={box} role="img" aria-label={description} style={{ height, width: '100%' }} dir="ltr" />;
}
