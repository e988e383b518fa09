/** Line icons on a 24-unit grid. Decorative: the control that shows one carries its name. */
import type { ReactNode } from 'react';

export type IconProps = { size?: number };

function icon(paths: ReactNode, mirrored = false) {
  return function Icon({ size = 18 }: IconProps) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.8}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
        className={mirrored ? 'mirrored' : undefined}
      >
        {paths}
      </svg>
    );
  };
}

export const IconPlus = icon(<path d="M12 5v14M5 12h14" />);
export const IconHome = icon(<path d="M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z" />);
export const IconList = icon(<path d="M9 6h11M9 12h11M9 18h11M4.500 6h.010M4.500 12h.010M4.500 18h.010" />, true);
export const IconSettings = icon(
  <>
    <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
    <circle cx="15" cy="7" r="2" />
    <circle cx="9" cy="17" r="2" />
  </>,
  true,
);
export const IconLogout = icon(<path d="M14 4h4a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-4M10 16l-4-4 4-4M6 12h9" />, true);
export const IconSun = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600l1.400 1.400M17 17l1.400 1.400M5.600 18.400 7 17M17 7l1.400-1.400" />
  </>,
);
export const IconMoon = icon(<path d="M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z" />);
export const IconSearch = icon(
  <>
    <circle cx="11" cy="11" r="6" />
    <path d="m20 20-4.500-4.500" />
  </>,
  true,
);
export const IconEdit = icon(<path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4" />);
export const IconTrash = icon(<path d="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5" />);
export const IconCheck = icon(<path d="m5 12.500 4.500 4.500L19 7.500" />);
export const IconClose = icon(<path d="M6 6l12 12M18 6 6 18" />);
export const IconInbox = icon(<path d="M4 13l3-8h10l3 8v6H4zM4 13h5l1 3h4l1-3h5" />);
export const IconTable = icon(<path d="M4 5h16v14H4zM4 10h16M10 5v14" />);
export const IconChart = icon(<path d="M5 20V10M12 20V4M19 20v-7" />);
export const IconChevronDown = icon(<path d="m6 9 6 6 6-6" />);
export const IconUndo = icon(<path d="M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3" />);
export const IconGlobe = icon(
  <>
    <circle cx="12" cy="12" r="8.500" />
    <path d="M3.500 12h17M12 3.500c3 3 3 14 0 17M12 3.500c-3 3-3 14 0 17" />
  </>,
);
export const IconWarning = icon(<path d="M12 4 2.500 20h19zM12 10v4M12 17h.010" />);
export const IconArchive = icon(<path d="M4 5h16v4H4zM5.500 9v10h13V9M10 13h4" />);
export const IconSparkle = icon(<path d="M12 4l1.700 5.300L19 11l-5.300 1.700L12 18l-1.700-5.300L5 11l5.300-1.700z" />);
export const IconFilter = icon(<path d="M4 6h16M7 12h10M10 18h4" />);
