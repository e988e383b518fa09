// Runs before the first paint, so that neither the theme nor the direction flashes.
(function () {
  var root = document.documentElement;
  var scheme = null;
  var language = null;
  try {
    scheme = localStorage.getItem('finbrain-theme');
    language = localStorage.getItem('finbrain-language');
  } catch (error) {
    // Storage is blocked: the system's theme and language are used.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  root.setAttribute('data-mantine-color-scheme', scheme);
  if (!language) language = (navigator.language || 'en').slice(0, 2) === 'he' ? 'he' : 'en';
  root.lang = language;
  root.dir = language === 'he' ? 'rtl' : 'ltr';
})();
