/** What every page has: a title, what can be done, and the commands for all of it. */

import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect } from "react";
import { CopyCommands } from "./copy-commands";
import { Failure } from "./sentence";

interface PageProps {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  error?: unknown;
  children: ReactNode;
}

export function Page({ title, about, actions, error, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} – Sallyport`;
  }, [title]);
  const buttons = (
    <SpaceBetween direction="horizontal" size="xs">
      <CopyCommands />
      {actions}
    </SpaceBetween>
  );
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={about} actions={buttons}>
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={error} />
        {children}
      </SpaceBetween>
    </ContentLayout>
  );
}
