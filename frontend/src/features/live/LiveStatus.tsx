import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import { useLocale } from '@/lib/i18n';
import { formatClock } from '@/lib/period';
import { useLive } from './useLive';

export function LiveStatus({ enabled }: { enabled: boolean }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const me = useMe();
  const lostAt = useLive(enabled);
  return (
    <div role="status" aria-live="polite">
      {lostAt === null ? null : (
        <p className="stale-banner">{t('live.notCurrent', { time: formatClock(lostAt, locale, me.time_zone) })}</p>
      )}
    </div>
  );
}
