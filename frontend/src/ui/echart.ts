/** Owns the life of one drawing: made once, resized with its box, thrown away with it. Only lazy modules may import it. */
import { useComputedColorScheme } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import * as echarts from 'echarts/core';
import { useEffect, useRef } from 'react';
import { useLocale } from '@/lib/i18n';

export function useEChart() {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | null>(null);
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
  return { box, chart };
}

/** What every drawing follows: theme, direction and how much may move. */
export function useChartLook() {
  const dark = useComputedColorScheme('light') === 'dark';
  const still = useReducedMotion();
  const { direction } = useLocale();
  return { dark, still, rtl: direction === 'rtl' };
}

export function chartColors(dark: boolean) {
  return {
    font: { fontFamily: 'system-ui, sans-serif', color: dark ? '#a9b4b2' : '#5b6664', fontSize: 12 },
    line: dark ? '#2f3937' : '#e4e9e8',
  };
}

type Frame = { dark: boolean; rtl: boolean; labels: string[]; names: string[]; axisText: (value: number) => string };

/** Grid, legend and axes. The first label is where reading starts, so the axis is mirrored in right-to-left. */
export function chartFrame({ dark, rtl, labels, names, axisText }: Frame) {
  const { font, line } = chartColors(dark);
  return {
    grid: { left: 8, right: 8, top: 36, bottom: 4, containLabel: true },
    legend: {
      top: 0,
      [rtl ? 'right' : 'left']: 0,
      icon: 'roundRect',
      itemWidth: 10,
      itemHeight: 10,
      textStyle: font,
      selectedMode: false,
      align: rtl ? ('right' as const) : ('left' as const),
      data: names,
    },
    xAxis: {
      type: 'category' as const,
      data: labels,
      inverse: rtl,
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { ...font, hideOverlap: true },
    },
    yAxis: {
      type: 'value' as const,
      position: rtl ? ('right' as const) : ('left' as const),
      splitNumber: 4,
      splitLine: { lineStyle: { color: line } },
      axisLabel: { ...font, formatter: axisText },
    },
  };
}

type Hovered = { dataIndex: number };

function isHovered(item: unknown): item is Hovered {
  return typeof item === 'object' && item !== null && 'dataIndex' in item && typeof item.dataIndex === 'number';
}

/** The place that a tooltip is asked for. */
export function hoveredIndex(items: unknown): number | null {
  const item: unknown = Array.isArray(items) ? items[0] : items;
  return isHovered(item) ? item.dataIndex : null;
}
