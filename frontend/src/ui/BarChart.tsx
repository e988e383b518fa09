import { BarChart as EBarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect } from 'react';
import { chartFrame, hoveredIndex, useChartLook, useEChart } from './echart';

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
  const { box, chart } = useEChart();
  const { dark, still, rtl } = useChartLook();

  useEffect(() => {
    const drawn = rtl ? [...series].reverse() : series;
    chart.current?.setOption(
      {
        animation: !still,
        animationDuration: 300,
        ...chartFrame({ dark, rtl, labels, names: drawn.map((one) => one.name), axisText }),
        tooltip: {
          trigger: 'axis',
          axisPointer: { type: 'shadow' },
          renderMode: 'richText',
          confine: true,
          formatter: (items: unknown) => tooltip(items, labels, series, valueText),
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
  }, [chart, labels, series, valueText, axisText, emphasised, onSelect, dark, still, rtl]);

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
  }, [chart, onSelect, labels.length]);

  return <div ref={box} role="img" aria-label={description} style={{ height, width: '100%' }} dir="ltr" />;
}

function tooltip(items: unknown, labels: string[], series: Series[], text: BarChartProps['valueText']): string {
  const index = hoveredIndex(items);
  if (index === null) return '';
  return [labels[index] ?? '', ...series.map((one, place) => `${one.name}: ${text(place, index)}`)].join('\n');
}
