DROP INDEX changes_row;
