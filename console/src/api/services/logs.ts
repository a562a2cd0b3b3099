/** What the console asks of this service, and the client for it: loaded when the first page needs it. */
import {
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  CloudWatchLogsClient,
} from "@aws-sdk/client-cloudwatch-logs";

export const Client = CloudWatchLogsClient;

export const commands = {
  DescribeLogGroups: DescribeLogGroupsCommand,
  DescribeLogStreams: DescribeLogStreamsCommand,
  FilterLogEvents: FilterLogEventsCommand,
};
