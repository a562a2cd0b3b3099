/** What Sallyport's own API answers, as doc/openapi.json has it. */

export type Direction = "SEND" | "RETRIEVE" | "LIST" | "MOVE" | "DELETE";
export type State = "QUEUED" | "IN_PROGRESS" | "COMPLETED" | "FAILED";

export interface Counts {
  Files: number;
  Queued: number;
  InProgress: number;
  Completed: number;
  Failed: number;
  Bytes: number;
  BytesMoved: number;
}

export interface Progress {
  BytesDone: number;
  BytesPerSecond: number;
  Attempt: number;
  Size?: number;
  SecondsLeft?: number;
}

export interface TransferFile {
  FileId: string;
  FilePath: string;
  StatusCode: State;
  FailureCode?: string;
  FailureMessage?: string;
  Size?: number;
  Progress?: Progress;
}

export interface TransferSummary {
  TransferId: string;
  ConnectorId: string;
  Direction: Direction;
  State: State;
  Created: string;
  LocalDirectoryPath?: string;
  RemoteDirectoryPath?: string;
  RetryOf?: string;
  Counts: Counts;
}

export interface Transfer extends TransferSummary {
  RetriedBy?: string;
  Files: TransferFile[];
}

export interface TransferList {
  Transfers: TransferSummary[];
  NextToken?: string;
}

export interface TimelineEntry {
  Time: string;
  State: string;
  Attempt?: number;
  Sentence: string;
}

/** A receipt, and while the file lives how far it is. */
export interface FileView extends TransferFile {
  TransferId: string;
  ConnectorId: string;
  Direction: Direction;
  Attempts?: number;
  BytesMoved?: number;
  Sha256?: string;
  NotBefore?: string;
  Timeline: TimelineEntry[];
  [member: string]: unknown;
}

export interface ConnectorStatus {
  ConnectorId: string;
  PendingFiles: number;
  Paused: boolean;
  PausedSince?: string;
  Breaker: { State: "CLOSED" | "OPEN" | "HALF_OPEN"; Since?: string; Step?: string; Reason?: string; NextProbe?: string };
}

export interface TestStep {
  Step: string;
  Status: "OK" | "FAILED";
  Milliseconds: number;
  Message: string;
  Details?: Record<string, unknown>;
}

export interface ConnectionTest {
  ConnectorId: string;
  Status: "OK" | "ERROR";
  StatusMessage: string;
  HostKey?: string;
  Steps: TestStep[];
}

export interface UsageRow {
  Hour: string;
  ConnectorId: string;
  Direction: Direction;
  FilesCompleted: number;
  FilesFailed: number;
  Bytes: number;
  BytesMoved: number;
}

export interface Flow {
  [member: string]: unknown;
}

export interface Listing {
  ListingId: string;
  StatusCode: State;
  FailureMessage?: string;
  Unreadable?: string;
  Files?: { filePath: string; modifiedTimestamp?: string; size?: number }[];
  Paths?: { path: string }[];
  NextToken?: string;
  Truncated?: boolean;
}
