/** Owns the language of the page: texts, direction, and the locale that dates and figures are written in. */
import i18next, { type i18n as I18n } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { en } from './en';

export type Language = 'en' | 'he';

export const languages: readonly Language[] = ['en', 'he'];

const storageKey = 'finbrain-language';

export function languageOf(locale: string | null | undefined): Language {
  return locale?.toLowerCase().startsWith('he') ? 'he' : 'en';
}

export function directionOf(language: string): 'ltr' | 'rtl' {
  return languageOf(language) === 'he' ? 'rtl' : 'ltr';
}

/** Keeps a name or a figure in its own direction inside a sentence of the other one. */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`;
}

function remembered(): Language {
  try {
    const stored = localStorage.getItem(storageKey);
    if (stored) return languageOf(stored);
  } catch {
    // Storage is blocked: the browser's language is used.
  }
  return languageOf(navigator.language);
}

export const i18n: I18n = i18next.createInstance();

void i18n.use(initReactI18next).init({
  lng: remembered(),
  fallbackLng: 'en',
  supportedLngs: [...languages],
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
  initAsync: false,
});

/** Texts other than the English ones, which are the fallback, are fetched when they are first needed. */
async function load(language: string) {
  if (languageOf(language) !== 'he' || i18n.hasResourceBundle('he', 'translation')) return;
  i18n.addResourceBundle('he', 'translation', (await import('./he')).he);
}

function applyToDocument(language: string) {
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
}

applyToDocument(i18n.language);

/** Resolves once the first page can be written in its language; without its texts it is written in English. */
export const textsReady: Promise<unknown> = load(i18n.language).catch(async () => {
  await i18n.changeLanguage('en');
  applyToDocument('en');
});

export async function changeLanguage(language: Language) {
  await load(language);
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
  await i18n.changeLanguage(language);
  applyToDocument(language);
}

/** The locale of figures and dates. English keeps the region of the browser when it has one. */
export function formatLocale(language: string): string {
  if (languageOf(language) === 'he') return 'he-IL';
  return navigator.language.startsWith('en-') ? navigator.language : 'en-US';
}

export function useLocale(): { language: Language; locale: string; direction: 'ltr' | 'rtl' } {
  const { i18n: current } = useTranslation();
  const language = languageOf(current.language);
  return { language, locale: formatLocale(language), direction: directionOf(language) };
}
