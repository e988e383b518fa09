import { Button, Group, Menu, Popover } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '@/lib/i18n';
import { formatPeriod, type Period, presetOf, presetPeriod, presets } from '@/lib/period';
import { IconChevronDown } from './icons';

/** The calendar is needed only when somebody opens it. */
const MonthRange = lazy(() => import('./MonthRange'));

type Props = {
  value: Period | null;
  onChange: (period: Period | null) => void;
  today: string;
  /** Offers "All time", which is `null`. */
  withAll?: boolean;
};

/** Ready-made periods in a menu, any single month or range of months in a calendar. */
export function PeriodPicker({ value, onChange, today, withAll = false }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const preset = value ? presetOf(value, today) : null;
  const presetLabel = value === null ? t('period.all') : preset ? t(`period.${preset}`) : t('period.custom');

  return (
    <Group gap="xs" wrap="nowrap" role="group" aria-label={t('period.label')}>
      <Menu position="bottom-start" width={200}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />} aria-label={`${t('period.choose')}: ${presetLabel}`}>
            {presetLabel}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {withAll ? <Menu.Item onClick={() => onChange(null)}>{t('period.all')}</Menu.Item> : null}
          {presets.map((name) => (
            <Menu.Item key={name} onClick={() => onChange(presetPeriod(name, today))}>
              {t(`period.${name}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Months
        label={value ? formatPeriod(value, locale) : t('period.pick')}
        value={value}
        today={today}
        onChange={onChange}
      />
    </Group>
  );
}

type MonthsProps = { label: string; value: Period | null; today: string; onChange: (period: Period) => void };

function Months({ label, value, today, onChange }: MonthsProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const choose = (period: Period) => {
    onChange(period);
    setOpened(false);
  };
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus position="bottom-start" shadow="md">
      <Popover.Target>
        <Button variant="subtle" onClick={() => setOpened(!opened)} aria-label={`${t('period.months')}: ${label}`}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('period.months')}>
        <Suspense fallback={<div style={{ inlineSize: 220, blockSize: 260 }} />}>
          <MonthRange value={value} today={today} onApply={choose} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
