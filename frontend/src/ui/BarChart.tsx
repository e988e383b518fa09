import { useComputedColorScheme } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { BarChart as EBarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useLocale } from '@/lib/i18n';

echarts.use([EBarChart, GridComponent, TooltipComponent, LegendComponent, SVGRenderer]);

export type Series = { name: string; color: string; values: number[] };

export type BarChartProps = {
  labels: string[];
  series: Series[];
  height: number;
  description: string;
  /** Writes the value of a bar, by its place. */
  valueText: (series: number, index: number) => string;
  axisText: (value: number) => string;
  /** Marks the bars that are inside the chosen period. */
  emphasised?: (index: number) => boolean;
  onSelect?: (index: number) => void;
};

/** Grouped bars; the first is where reading starts, so the axis is mirrored in right-to-left. */
export default function BarChart(props: BarChartProps) {
  const { labels, series, height, description, valueText, axisText, emphasised, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | null>(null);
  const scheme = useComputedColorScheme('light');
  const still = useReducedMotion();
  const { direction } = useLocale();
  const rtl = direction === 'rtl';

  useEffect(() => {
    if (!box.current) return undefined;
    const made = echarts.init(box.current, null, { renderer: 'svg' });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    const ink = scheme === 'dark' ? '#a9b4b2' : '#5b6664';
    const line = scheme === 'dark' ? '#2f3937' : '#e4e9e8';
    const drawn = rtl ? [...series].reverse() : series;
    const font = { fontFamily: 'system-ui, sans-serif', color: ink, fontSize: 12 };
    chart.current?.setOption(
      {
        animation: !still,
        animationDuration: 300,
        grid: { left: 8, right: 8, top: 36, bottom: 4, containLabel: true },
        legend: {
          top: 0,
          [rtl ? 'right' : 'left']: 0,
          icon: 'roundRect',
          itemWidth: 10,
          itemHeight: 10,
          textStyle: font,
          selectedMode: false,
          align: rtl ? 'right' : 'left',
          data: drawn.map((one) => one.name),
        },
        tooltip: {
          trigger: 'axis',
          axisPointer: { type: 'shadow' },
          renderMode: 'richText',
          confine: true,
          formatter: (items: unknown) => tooltip(items, labels, series, valueText),
        },
        xAxis: {
          type: 'category',
          data: labels,
          inverse: rtl,
          axisLine: { lineStyle: { color: line } },
          axisTick: { show: false },
          axisLabel: { ...font, hideOverlap: true },
        },
        yAxis: {
          type: 'value',
          position: rtl ? 'right' : 'left',
          splitNumber: 4,
          splitLine: { lineStyle: { color: line } },
          axisLabel: { ...font, formatter: axisText },
        },
        series: drawn.map((one) => ({
          type: 'bar',
          name: one.name,
          barMaxWidth: 22,
          barGap: '10%',
          itemStyle: { color: one.color, borderRadius: [3, 3, 0, 0] },
          cursor: onSelect ? 'pointer' : 'default',
          data: one.values.map((value, index) => ({
            value,
            itemStyle: emphasised && !emphasised(index) ? { opacity: 0.45 } : { opacity: 1 },
          })),
        })),
      },
      true,
    );
  }, [labels, series, valueText, axisText, emphasised, onSelect, scheme, still, rtl]);

  useEffect(() => {
    const made = chart.current;
    if (!made || !onSelect) return undefined;
    const onClick = (event: { offsetX: number; offsetY: number }) => {
      const point = [event.offsetX, event.offsetY];
      if (!made.containPixel('grid', point)) return;
      const [index] = made.convertFromPixel({ gridIndex: 0 }, point);
      if (index !== undefined) onSelect(Math.max(0, Math.min(labels.length - 1, Math.round(index))));
    };
    const canvas = made.getZr();
    canvas.on('click', onClick);
    return () => canvas.off('click', onClick);
  }, [onSelect, labels.length]);

  return <div ref={box} role="img" aria-label={description} style={{ height, width: '100%' }} dir="ltr" />;
}

type Hovered = { dataIndex: number };

function isHovered(item: unknown): item is Hovered {
  return typeof item === 'object' && item !== null && 'dataIndex' in item && typeof item.dataIndex === 'number';
}

function tooltip(items: unknown, labels: string[], series: Series[], text: BarChartProps['valueText']): string {
  const item: unknown = Array.isArray(items) ? items[0] : items;
  if (!isHovered(item)) return '';
  const lines = series.map((one, place) => `${one.name}: ${text(place, item.dataIndex)}`);
  return [labels[item.dataIndex] ?? '', ...lines].join('\n');
}
