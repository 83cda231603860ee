-- The role that checks the stores may see which pages have an image, to notice when one is gone.

GRANT SELECT (page_num, image_width) ON document_vdr_pages TO rag_operations;
