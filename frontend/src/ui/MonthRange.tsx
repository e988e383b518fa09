import { Button, Stack } from '@mantine/core';
import { MonthPicker } from '@mantine/dates';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { firstDay, monthOf, type Period } from '@/lib/period';

type Props = { value: Period | null; today: string; onApply: (period: Period) => void };

/** A calendar of months: two clicks on the same month choose it alone. */
export default function MonthRange({ value, today, onApply }: Props) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<[string | null, string | null]>(
    value ? [firstDay(value.from), firstDay(value.to)] : [null, null],
  );
  const apply = () => {
    const [from, to] = draft;
    if (from) onApply({ from: monthOf(from), to: monthOf(to ?? from) });
  };
  return (
    <Stack gap="sm">
      <MonthPicker
        type="range"
        allowSingleDateInRange
        value={draft}
        onChange={setDraft}
        maxDate={firstDay(monthOf(today))}
        defaultDate={draft[1] ?? draft[0] ?? today}
        ariaLabels={{ previousYear: t('period.previousYear'), nextYear: t('period.nextYear') }}
      />
      <Button onClick={apply} disabled={!draft[0]}>
        {t('action.apply')}
      </Button>
    </Stack>
  );
}
