import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** The one accent: a deep sea green, readable with white on it from the sixth step on. */
const sea: MantineColorsTuple = [
  '#e8f6f4',
  '#d3eae7',
  '#a6d5cf',
  '#76beb6',
  '#4fa89f',
  '#2f9188',
  '#1a7a72',
  '#0f6e68',
  '#0a5a55',
  '#054640',
];

/** Dark grounds with a breath of the accent in them. */
const dark: MantineColorsTuple = [
  '#d5dedc',
  '#b5c1be',
  '#94a3a0',
  '#5f6f6c',
  '#3b4846',
  '#2b3735',
  '#1d2726',
  '#151d1c',
  '#101716',
  '#0a0f0e',
];

export const theme = createTheme({
  primaryColor: 'sea',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.25,
  colors: { sea, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Hebrew", Arial, sans-serif',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontWeight: '650' },
  fontWeights: { regular: '400', medium: '500', bold: '700' },
  components: {
    Card: { defaultProps: { withBorder: true, padding: 'md', radius: 'lg' } },
    Button: { styles: { label: { fontWeight: 600 } } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
    InputWrapper: { defaultProps: { withAsterisk: false } },
    Badge: { styles: { root: { textTransform: 'none' } } },
    Modal: {
      defaultProps: { centered: true, radius: 'lg' },
      styles: { title: { fontWeight: 650, fontSize: 'var(--mantine-font-size-lg)' } },
    },
    Drawer: { styles: { title: { fontWeight: 650, fontSize: 'var(--mantine-font-size-lg)' } } },
  },
});
