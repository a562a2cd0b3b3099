/** The frame of every page: who is signed in, where one can go, and what was told. */

import AppLayout from "@cloudscape-design/components/app-layout";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { createElement, Fragment, Suspense, useEffect, useState } from "react";
import { forgetClients } from "../api/aws";
import { signOut } from "../api/session";
import { formatRoute } from "../model/route";
import { navigation, pageOf } from "../pages";
import { useWords } from "../words";
import { NoticeBar } from "./notices";
import type { Theme } from "./theme";
import { go, useRoute } from "./use-route";

interface ShellProps {
  accessKeyId: string;
  theme: Theme;
  onTheme(next: Theme): void;
}

function leave() {
  forgetClients();
  signOut();
}

function useUtilities({ accessKeyId, theme, onTheme }: ShellProps): TopNavigationProps.Utility[] {
  const { t, language, setLanguage } = useWords();
  return [
    { type: "button", text: t("language.other"), onClick: () => setLanguage(language === "en" ? "ja" : "en") },
    {
      type: "button",
      text: t(theme === "dark" ? "theme.light" : "theme.dark"),
      onClick: () => onTheme(theme === "dark" ? "light" : "dark"),
    },
    {
      type: "menu-dropdown",
      text: accessKeyId,
      iconName: "user-profile",
      items: [{ id: "out", text: t("signOut") }],
      onItemClick: leave,
    },
  ];
}

function Navigation({ active }: { active: string }) {
  const { t } = useWords();
  return (
    <SideNavigation
      activeHref={formatRoute([active])}
      header={{ text: "Sallyport", href: formatRoute(["overview"]) }}
      items={navigation.map((group) => ({
        type: "section",
        text: t(group.title),
        items: group.pages.map((page) => ({ type: "link", text: t(page.title), href: formatRoute([page.id]) })),
      }))}
      onFollow={(event) => {
        event.preventDefault();
        location.hash = event.detail.href;
      }}
    />
  );
}

export function Shell(props: ShellProps) {
  const { t } = useWords();
  const route = useRoute();
  const [open, setOpen] = useState(true);
  const utilities = useUtilities(props);
  const [section = "connectors", ...rest] = route.segments;
  const where = [section, ...rest].join("/");

  useEffect(() => {
    if (route.segments.length === 0) go(["connectors"]);
  }, [route.segments.length]);

  return (
    <>
      <div id="top">
        <TopNavigation identity={{ href: formatRoute(["overview"]), title: "Sallyport" }} utilities={utilities} />
      </div>
      <AppLayout
        headerSelector="#top"
        navigation={<Navigation active={section} />}
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        toolsHide
        notifications={<NoticeBar />}
        ariaLabels={{
          navigation: t("navigation"),
          navigationClose: t("navigation.close"),
          navigationToggle: t("navigation.open"),
          notifications: t("notifications"),
        }}
        content={
          <Suspense fallback={<Spinner size="large" />}>
            <Fragment key={where}>{createElement(pageOf(section, rest), { id: rest[0] ?? "" })}</Fragment>
          </Suspense>
        }
      />
    </>
  );
}
