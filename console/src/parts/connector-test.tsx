/** The test of a connection: the way as a picture, and the partner's key when nobody has trusted it yet. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCallback, useEffect, useRef, useState } from "react";
import { type Connector, isPrivate } from "../api/connectors";
import { native } from "../api/native";
import type { ConnectionTest } from "../api/shapes";
import { shownKey } from "../model/host-key";
import { pathPicture } from "../model/path-picture";
import { useWords } from "../words";
import { PathPicture } from "./path-picture";
import { Failure } from "./sentence";
import { TrustKey } from "./trust-key";

interface ConnectorTestProps {
  one: Connector;
  /** Test without being asked: it was just made. */
  atOnce: boolean;
  onChanged(): void;
}

function Verdict({ test }: { test: ConnectionTest }) {
  const { t } = useWords();
  const good = test.Status === "OK";
  return (
    <Alert type={good ? "success" : "error"} header={t(good ? "test.good" : "test.bad")} data-test="verdict">
      {test.StatusMessage}
    </Alert>
  );
}

export function ConnectorTest({ one, atOnce, onChanged }: ConnectorTestProps) {
  const { t } = useWords();
  const [test, setTest] = useState<ConnectionTest>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(atOnce);
  const begun = useRef(false);

  const run = useCallback(async () => {
    setBusy(true);
    setError(undefined);
    try {
      setTest(await native<ConnectionTest>("POST", `/v1/connectors/${one.ConnectorId}/test`));
    } catch (trouble) {
      setError(trouble);
    }
    setBusy(false);
  }, [one.ConnectorId]);

  useEffect(() => {
    if (!atOnce || begun.current) return;
    begun.current = true;
    void run();
  }, [atOnce, run]);

  const key = test && shownKey(test, one.SftpConfig?.TrustedHostKeys ?? []);
  const button = (
    <Button variant="primary" loading={busy} onClick={() => void run()} data-test="test">
      {t("test.button")}
    </Button>
  );
  return (
    <Container
      header={
        <Header variant="h2" description={t("test.about")} actions={button}>
          {t("test.title")}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Failure error={error} />
        {!test && !error ? <Box color="text-body-secondary">{t(busy ? "test.running" : "test.notYet")}</Box> : null}
        {test ? <Verdict test={test} /> : null}
        {key ? (
          <TrustKey
            connectorId={one.ConnectorId}
            shown={key}
            known={one.SftpConfig?.TrustedHostKeys ?? []}
            onTrusted={() => {
              onChanged();
              void run();
            }}
          />
        ) : null}
        {test ? <PathPicture hops={pathPicture(test.Steps, isPrivate(one))} /> : null}
      </SpaceBetween>
    </Container>
  );
}
